import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../kernel/clock.js';
import type { FinishedCall } from './call-metrics.js';
import { Metrics } from './metrics.js';

function makeMetrics(maxCallSeries = 500): { metrics: Metrics; clock: ManualClock } {
  const clock = new ManualClock(1_000);
  const metrics = new Metrics({ clock, processMetrics: false, maxCallSeries });
  metrics.allowModels(['gpt-4o-mini', 'text-embedding-3-small']);
  return { metrics, clock };
}

const CALL: FinishedCall = {
  operation: 'chat',
  provider: 'openai',
  model: 'gpt-4o-mini',
  outcome: 'succeeded',
  durationSeconds: 1.2,
  timeToFirstTokenSeconds: 0.2,
  inputTokens: 100,
  outputTokens: 11,
};

function finish(metrics: Metrics, change: Partial<FinishedCall> = {}): void {
  metrics.callStarted();
  metrics.callFinished({ ...CALL, ...change });
}

const LABELS = 'gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini"';

describe('Metrics', () => {
  it('reports a call under the names, labels and buckets of the GenAI conventions', async () => {
    const { metrics } = makeMetrics();
    finish(metrics);
    const text = await metrics.render();
    expect(text).toContain(`gen_ai_server_request_duration_seconds_bucket{${LABELS},le="0.64"} 0`);
    expect(text).toContain(`gen_ai_server_request_duration_seconds_bucket{${LABELS},le="1.28"} 1`);
    expect(text).toContain(`gen_ai_server_time_to_first_token_seconds_sum{${LABELS}} 0.2`);
    expect(text).toContain(`gen_ai_server_time_per_output_token_seconds_sum{${LABELS}} 0.1`);
    expect(text).toContain(`gen_ai_client_token_usage_sum{${LABELS},gen_ai_token_type="input"} 100`);
    expect(text).toContain(`gen_ai_client_token_usage_sum{${LABELS},gen_ai_token_type="output"} 11`);
    expect(text).toContain(`lethe_calls_total{${LABELS},outcome="succeeded"} 1`);
    expect(text).toContain('# TYPE gen_ai_client_token_usage histogram');
  });

  it('never prints a series twice, whichever way calls end', async () => {
    const { metrics } = makeMetrics();
    for (const errorType of [undefined, 'timeout', 'upstream_5xx']) {
      for (const outcome of ['succeeded', 'failed']) finish(metrics, { errorType, outcome });
    }
    const lines = (await metrics.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const names = lines.map((line) => line.slice(0, line.lastIndexOf(' ')));
    expect(new Set(names).size).toBe(names.length);
    expect(lines).toContain(`gen_ai_server_request_duration_seconds_count{${LABELS},error_type="timeout"} 2`);
    expect(lines).toContain(`gen_ai_client_token_usage_count{${LABELS},gen_ai_token_type="input"} 6`);
  });

  it('C1: a model name that a client made up becomes "other", and prose never becomes a label', async () => {
    const { metrics } = makeMetrics();
    const canary = 'the user said canary';
    metrics.allowModels([canary]);
    finish(metrics, { model: 'canary-4711', provider: canary, errorType: canary, outcome: canary });
    finish(metrics, { model: canary });
    metrics.failedOver(canary);
    metrics.callRefused(canary);
    metrics.jobFinished(canary, 'completed', 1);
    const text = await metrics.render();
    expect(text).not.toContain('canary');
    expect(text).toContain('gen_ai_request_model="other"');
  });

  it('K2: a key passed where a label goes becomes "other"', async () => {
    const { metrics } = makeMetrics();
    finish(metrics, { provider: 'sk-proj-abcdefghijkl', errorType: 'lethe_sk_abcdefghijkl' });
    expect(await metrics.render()).not.toContain('abcdefghijkl');
  });

  it('keeps the number of series bounded however many names appear, and still counts every call', async () => {
    const { metrics } = makeMetrics(20);
    const names = Array.from({ length: 5_000 }, (_, index) => `model-${index}`);
    metrics.allowModels(names);
    for (const model of names) finish(metrics, { model, errorType: `error_${model}`, provider: model, outcome: 'failed' });
    const lines = (await metrics.render()).split('\n').filter((line) => line.startsWith('lethe_calls_total{'));
    expect(lines.length).toBeLessThanOrEqual(22);
    expect(lines.map((line) => Number(line.split(' ').at(-1))).reduce((sum, count) => sum + count, 0)).toBe(5_000);
  });

  it('peers 11: unknown usage is not recorded as zero, and an explicit zero is', async () => {
    const { metrics } = makeMetrics();
    finish(metrics, { inputTokens: undefined, outputTokens: 0 });
    const text = await metrics.render();
    expect(text).not.toContain('gen_ai_token_type="input"');
    expect(text).toContain(`gen_ai_client_token_usage_count{${LABELS},gen_ai_token_type="output"} 1`);
  });

  it('a value that is no number cannot break a call', async () => {
    const { metrics } = makeMetrics();
    finish(metrics, { durationSeconds: Number.NaN, inputTokens: -1, outputTokens: Number.POSITIVE_INFINITY });
    const text = await metrics.render();
    expect(text).toContain(`lethe_calls_total{${LABELS},outcome="succeeded"} 1`);
    expect(text).not.toContain('NaN');
  });

  it('reports the state of the ledger, the journal, the limiter and the snapshot', async () => {
    const { metrics, clock } = makeMetrics();
    expect(await metrics.render()).toContain('lethe_snapshot_age_seconds -1');
    metrics.snapshotRead();
    clock.advance(2_500);
    metrics.callStarted();
    metrics.ledgerMode('journal');
    metrics.journalSize(4096);
    metrics.limiterDegraded(true);
    metrics.ledgerFlushed(0.002, 40);
    metrics.costUnknown();
    metrics.intentsReaped(3);
    metrics.failedOver('timeout');
    metrics.jobFinished('reap-intents', 'failed', 0.5);
    const lines = (await metrics.render()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'lethe_snapshot_age_seconds 2.5',
        'lethe_inflight_calls 1',
        'lethe_ledger_mode{mode="direct"} 0',
        'lethe_ledger_mode{mode="journal"} 1',
        'lethe_journal_bytes 4096',
        'lethe_limiter_degraded 1',
        'lethe_ledger_flush_seconds_sum 0.002',
        'lethe_ledger_batch_size_sum 40',
        'lethe_unknown_cost_total 1',
        'lethe_reaped_intents_total 3',
        'lethe_failovers_total{reason="timeout"} 1',
        'lethe_jobs_total{job="reap-intents",outcome="failed"} 1',
      ]),
    );
  });

  it('measures the process itself, event-loop lag included, when asked to', async () => {
    const metrics = new Metrics({ clock: new ManualClock(0), processMetrics: true });
    expect(await metrics.render()).toContain('nodejs_eventloop_lag_p99_seconds');
  });

  it('costs the request path less than 3 µs a call', () => {
    const { metrics } = makeMetrics();
    const calls = 10_000;
    // The best of many short rounds is what it costs; the others are what a busy machine adds.
    const rounds = Array.from({ length: 25 }, () => {
      const startMs = performance.now();
      for (let call = 0; call < calls; call += 1) finish(metrics);
      return ((performance.now() - startMs) * 1_000) / calls;
    });
    const microsPerCall = Math.min(...rounds);
    if (process.env.LETHE_SHOW_COST) process.stdout.write(`${microsPerCall.toFixed(3)} µs per finished call\n`);
    expect(microsPerCall).toBeLessThan(3);
  });
});
