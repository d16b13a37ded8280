import { expect, it } from 'vitest';
import { auditVerdict } from '../../scripts/advisory-rules.js';

const report = (severity: string) =>
  JSON.stringify({ vulnerabilities: { 'left-pad': { severity, via: [{ title: 'Pads to the right' }, 'right-pad'] } } });

it.each(['high', 'critical'])('S3: a package with a known hole of severity %s is refused by name', (severity) => {
  expect(auditVerdict(report(severity))).toEqual({
    kind: 'answered',
    refused: [`left-pad: ${severity}: Pads to the right; through right-pad`],
  });
});

it.each(['low', 'moderate', 'info'])('a hole of severity %s is not', (severity) => {
  expect(auditVerdict(report(severity))).toEqual({ kind: 'answered', refused: [] });
});

it.each([
  ['the registry’s refusal', JSON.stringify({ message: '405 Method Not Allowed', statusCode: 405 }), '405 Method Not Allowed'],
  ['no report at all', 'npm error network', 'npm gave no report'],
])('%s is not taken for an all-clear', (_what, output, why) => {
  expect(auditVerdict(output)).toEqual({ kind: 'not_asked', why });
});
