// Loaded into a process with `--import`: stops it before, or within, one of the statements it sends to PostgreSQL, says so, and waits for its end.
// `STOP_AT` says where: see `statement-stop.ts`.
import pg from 'pg';

const { from = '', like = '', nth, moment = 'before' } = JSON.parse(process.env['STOP_AT'] ?? '{}');
const query = Reflect.get(pg.Client.prototype, 'query');
let hasBegun = false;
let seen = 0;

pg.Client.prototype.query = function (...parameters) {
  const [asked] = parameters;
  const text = typeof asked === 'string' ? asked : (asked?.text ?? '');
  hasBegun ||= text.includes(from);
  if (hasBegun && text.includes(like)) seen += 1;
  if (nth === undefined || seen < nth) return query.apply(this, parameters);
  // Sent, and nobody waits for the answer any more. A stream of rows is stopped before it.
  if (seen === nth && moment === 'within' && typeof asked?.submit !== 'function') {
    seen += 1;
    const sent = query.apply(
      this,
      parameters.filter((each) => typeof each !== 'function'),
    );
    sent?.catch?.(() => undefined);
  }
  // By then it is on its way.
  setTimeout(() => process.stdout.write('stopped\n'), 20);
  setInterval(() => undefined, 1_000);
  return new Promise(() => undefined);
};
