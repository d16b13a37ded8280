import type { ServerResponse } from 'node:http';
import { ScenarioError } from './behaviour.ts';
import type { CallLog } from './call-log.ts';
import { readScript, type Scripts } from './scripts.ts';

/** A control request: the same powers as the in-process handle, for another process. */
export interface ControlRequest {
  readonly desk: { readonly log: CallLog; readonly scripts: Scripts; reset(): void };
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
  readonly res: ServerResponse;
}

/** `GET calls`, `GET counters`, `POST reset`, `POST script` under `/_control/`. Never recorded as calls. */
export function handleControl({ desk, method, path, body, res }: ControlRequest): void {
  switch (`${method} ${path}`) {
    case 'GET /_control/calls':
      return reply(res, 200, { calls: desk.log.calls.map((call) => ({ ...call, body: call.body?.toString('base64') })) });
    case 'GET /_control/counters':
      return reply(res, 200, desk.log.counters);
    case 'POST /_control/reset':
      desk.reset();
      return reply(res, 200, {});
    case 'POST /_control/script':
      return addScript(desk.scripts, body, res);
    default:
      return reply(res, 404, { error: `there is no ${method} ${path}` });
  }
}

function addScript(scripts: Scripts, body: Buffer, res: ServerResponse): void {
  try {
    const { matcher, behaviour } = readScript(JSON.parse(body.toString()));
    scripts.add(matcher, behaviour);
    reply(res, 200, { matcher, behaviour });
  } catch (error) {
    if (!(error instanceof ScenarioError || error instanceof SyntaxError)) throw error;
    reply(res, 400, { error: error.message });
  }
}

function reply(res: ServerResponse, status: number, value: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(value));
}
