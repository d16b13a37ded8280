import type { INestApplicationContext } from '@nestjs/common';
import { type LogState, ReadLogState } from '../../modules/audit/core/log/read-log-state.js';
import type { Settings } from '../../platform/config/settings.js';
import { error, type Finding, ok, warn } from './finding.js';

/** How long an event may wait for a checkpoint, beside the time between two. */
const LATE_MS = 600_000;
/** How long publishing may fail before it is more than a destination's bad hour. */
const FAILING_MS = 3_600_000;

/** Whether the audit log is signed and leaves the house, as it must for anyone to rely on it (O6). */
export async function examineAuditLog(application: INestApplicationContext, settings: Settings): Promise<Finding[]> {
  const state = await application.get(ReadLogState).run();
  const now = Date.now();
  return [signingFinding(state, settings, now), ...publishingFindings(state, settings, now)];
}

function signingFinding({ newest, uncoveredSince, size }: LogState, settings: Settings, now: number): Finding {
  const waitingMs = uncoveredSince === null ? 0 : now - uncoveredSince.getTime();
  if (waitingMs > LATE_MS + settings.auditCheckpointSeconds * 1_000) {
    const what = newest === null ? 'Nothing has been signed yet' : `The newest checkpoint is of ${newest.signedAt.toISOString()}`;
    return error(
      'audit log',
      `${what}, and events wait for one since ${uncoveredSince?.toISOString()}.`,
      'See that a process with the worker role runs and has LETHE_AUDIT_KEY; its log names what keeps job audit.sequence from it.',
    );
  }
  return ok(
    'audit log',
    newest === null ? 'It begins with the first event.' : `Its ${size} events are signed, or will be within a minute or two.`,
  );
}

function publishingFindings({ destinations }: LogState, settings: Settings, now: number): Finding[] {
  if (destinations.length === 0) {
    const message = 'Its checkpoints are published nowhere, so whoever runs Lethe could write it anew.';
    if (settings.environment === 'development')
      return [ok('audit publishing', 'Checkpoints stay here, which only development should allow.')];
    return [warn('audit publishing', message, 'Set LETHE_AUDIT_PUBLISH_S3_BUCKET, _WEBHOOK or _FILE: see docs/audit-log.md.')];
  }
  return destinations.map(({ kind, publication }) => {
    const failingSince = publication?.failingSince ?? null;
    if (failingSince === null) return ok('audit publishing', `Checkpoints go to the ${kind}.`);
    const message = `Checkpoints have not reached the ${kind} since ${failingSince.toISOString()} (${publication?.failure}).`;
    const action = 'It is tried again every quarter of a minute; see whether the destination is there and lets them in.';
    const isFork = publication?.failure === 'audit/published_differently';
    return (isFork || now - failingSince.getTime() > FAILING_MS ? error : warn)('audit publishing', message, action);
  });
}
