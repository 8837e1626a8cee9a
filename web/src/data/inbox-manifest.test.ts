import { expect, it } from 'vitest';
import { inboxManifest, warmCommand } from './inbox-manifest.ts';

it('an inbox belongs to its project, beside what is called inbox already', () => {
  expect(inboxManifest({ name: 'voices', namespace: 'team-a' })).toBe(`apiVersion: datacrowd.io/v1alpha1
kind: Dataset
metadata:
  name: voices-inbox
  namespace: team-a
spec:
  projectRef:
    name: voices
  source:
    format: Inbox
`);
});

it('the command names the model and its namespace', () => {
  expect(warmCommand({ name: 'voice', namespace: 'team-a' })).toBe(
    `kubectl patch model voice --namespace team-a --type merge --patch '{"spec": {"replicas": 1}}'`,
  );
});
