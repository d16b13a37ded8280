import { parentPort, workerData } from 'node:worker_threads';
import { RedactionEngine } from './redact-body.ts';
import type { RedactionAnswer, RedactionRequest, WorkerRules } from './redaction-messages.ts';

// The body of the worker thread. It imports nothing but the scanner, so that Node runs it from source as well as from dist.

const engine = new RedactionEngine(workerData as WorkerRules);

function answer(request: RedactionRequest): RedactionAnswer {
  const { id } = request;
  try {
    const outcome = engine.redactBody(request.body, request.headers, request.knownSecrets);
    if (outcome === 'still_matches' || outcome === 'unreadable') {
      return { id, kind: 'dropped', reason: outcome === 'unreadable' ? 'failed' : 'still_matches' };
    }
    return { id, kind: 'redacted', ...outcome };
  } catch {
    // What went wrong may quote the text, so it is not told. The body is dropped.
    return { id, kind: 'dropped', reason: 'failed' };
  }
}

parentPort?.on('message', (request: RedactionRequest) => parentPort?.postMessage(answer(request)));
