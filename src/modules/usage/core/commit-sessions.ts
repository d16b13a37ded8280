import pg from 'pg';
import { endsSession } from './database-verdict.js';
import { type PlainCommit, readRowTypes, type RowTypes } from './plain-commit.js';

/** An answer that is this much later than the server's own bound for a statement is not waited for: the server is frozen or gone. */
const GRACE_MS = 1_000;

/**
 * Sessions for plain commits alone. Two of them are on every call's way, so they go to the driver's connection directly: no pool, no
 * description of columns that never change, no copy of the values. A session that fails in any way but a refused statement is given up.
 */
export class CommitSessions {
  private readonly idle: Session[] = [];
  private opened = 0;
  private readonly config: pg.ClientConfig;
  private readonly patienceMs: number;

  constructor(config: pg.ClientConfig) {
    const { query_timeout: _, ...rest } = config;
    this.config = rest;
    this.patienceMs = Number(config.statement_timeout || 0) + GRACE_MS;
  }

  /** Sees to it that there is a session, so that no call has to wait for one to be opened. */
  async keepReady(): Promise<void> {
    if (this.opened === 0) this.idle.push(await this.open());
  }

  /** Makes one commit and answers its one value. Rejects as `pg` does, and with what `make` raises. */
  async run(make: (types: RowTypes) => PlainCommit): Promise<string | null> {
    const session = this.idle.pop() ?? (await this.open());
    try {
      const answer = await this.commitOn(session.client, make(session.types));
      this.idle.push(session);
      return answer;
    } catch (error) {
      if (endsSession(error)) giveUp(session.client);
      else this.idle.push(session);
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.idle.splice(0).map(({ client }) => client.end()));
  }

  private async open(): Promise<Session> {
    const client = new pg.Client(this.config);
    // While it is idle nobody else would hear of it, and unhandled the event would end the process.
    client.on('error', () => {
      const place = this.idle.findIndex((session) => session.client === client);
      if (place !== -1) this.idle.splice(place, 1);
    });
    await client.connect();
    this.opened += 1;
    client.on('end', () => (this.opened -= 1));
    try {
      return { client, types: await readRowTypes(client) };
    } catch (error) {
      giveUp(client);
      throw error;
    }
  }

  private commitOn(client: pg.Client, commit: PlainCommit): Promise<string | null> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('PostgreSQL did not answer in time')), this.patienceMs);
      client.query(
        new CommitQuery(commit, (error, answer) => {
          clearTimeout(timer);
          if (error) reject(error);
          else resolve(answer);
        }),
      );
    });
  }
}

interface Session {
  readonly client: pg.Client;
  readonly types: RowTypes;
}

/** Cuts the connection without the farewell that a frozen server would not read. */
function giveUp(client: pg.Client): void {
  client.connection.stream.destroy();
}

/** The extended query protocol (PostgreSQL manual, 54.2.3) without the parts that a known statement with one value does not need. */
class CommitQuery implements pg.Submittable {
  /** By these two the driver notes which statements its server has prepared. */
  readonly name: string;
  readonly text: string;
  private readonly values: PlainCommit['values'];
  private answer: string | null = null;

  constructor(
    commit: PlainCommit,
    private readonly done: (error: Error | null, answer: string | null) => void,
  ) {
    this.name = commit.name;
    this.text = commit.text;
    this.values = commit.values;
  }

  submit(connection: pg.Connection & { readonly parsedStatements?: Readonly<Record<string, string>> }): void {
    const { name, text, values } = this;
    connection.stream.cork();
    if (connection.parsedStatements?.[name] === undefined) connection.parse({ name, text, types: [] }, true);
    connection.bind({ statement: name, values: values as (string | Buffer)[] }, true);
    connection.execute({}, true);
    connection.sync();
    connection.stream.uncork();
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    this.answer = fields[0] ?? null;
  }

  handleError(error: Error): void {
    this.done(error, null);
  }

  /** Of a statement that failed the driver no longer tells this. */
  handleReadyForQuery(): void {
    this.done(null, this.answer);
  }

  handleRowDescription(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}
