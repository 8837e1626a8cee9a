import { expect, it } from 'vitest';
import { modelManifest } from './model-manifest.ts';

const PROJECT = { name: 'voices-k3x9q', namespace: 'dc-clara' };

it('says of a model of recordings what the cluster takes', () => {
  const model = {
    sourceUri: 's3://datacrowd/dc-clara/models/Voice_2.onnx',
    input: {
      kind: 'AUDIO',
      column: 'file',
      audio: {
        sampleRateHz: 8000,
        windowMillis: 2000,
        hopMillis: 1000,
        features: 'LOG_MEL',
        logMel: { nFft: 256, hop: 80, nMels: 40, fMin: 0, fMax: 4000 },
      },
    },
    output: { field: 'voice', labels: ['human', 'synthetic'], windows: 'MAX' },
  };
  expect(modelManifest(model, PROJECT)).toBe(`apiVersion: datacrowd.io/v1alpha1
kind: Model
metadata:
  name: voice-2
  namespace: dc-clara
spec:
  projectRef:
    name: voices-k3x9q
  source:
    uri: "s3://datacrowd/dc-clara/models/Voice_2.onnx"
  input:
    kind: Audio
    column: file
    audio:
      sampleRateHz: 8000
      windowMillis: 2000
      hopMillis: 1000
      features: LogMel
      logMel:
        nFft: 256
        hop: 80
        nMels: 40
        fMin: 0
        fMax: 4000
  output:
    field: voice
    labels:
    - human
    - synthetic
    windows: Max
`);
});

it('keeps labels texts that YAML would read as something else', () => {
  const model = {
    sourceUri: 's3://datacrowd/dc-clara/m.onnx',
    sha256: 'ab'.repeat(32),
    input: { kind: 'COLUMNS', columns: ['age', 'no'] },
    output: { field: 'noisy', tensor: 'probabilities', labels: ['true', 'false'] },
  };
  const text = modelManifest(model, PROJECT);
  expect(text).toContain('labels:\n    - "true"\n    - "false"');
  expect(text).toContain('columns:\n    - age\n    - "no"');
  expect(text).toContain('tensor: probabilities');
  expect(text).toContain(`sha256: ${'ab'.repeat(32)}`);
  expect(text).not.toContain('audio');
});
