-- Health of a resource of DataCrowd Lab, by its conditions. `obj` is the resource.
-- Waiting for a payment or a file is Suspended: it is nobody's fault, and nothing
-- goes on until somebody acts.
local status = obj.status or {}
if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "is being deleted" }
end
if status.conditions == nil or status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "not looked at yet" }
end

local conditions = {}
for _, condition in ipairs(status.conditions) do
  conditions[condition.type] = condition
end
local function holds(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end

local ready = conditions.Ready or {}
local message = (ready.reason or "Unknown") .. ": " .. (ready.message or "")
if holds("Stalled") then
  return { status = "Degraded", message = message }
elseif holds("Ready") then
  return { status = "Healthy", message = message }
elseif holds("Reconciling") then
  return { status = "Progressing", message = message }
end
return { status = "Suspended", message = message }
