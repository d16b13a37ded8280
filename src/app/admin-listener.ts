import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { withoutBrackets } from '../kernel/endpoint.js';
import type { Settings } from '../platform/config/settings.js';
import { startErrors } from './database.js';
import type { HttpServer } from './http-server.js';

/** How soon a connection is closed that has had its last answer. */
const IDLE_MS = 25;

/** The listener that operators have to themselves (`LETHE_ADMIN_LISTEN`). */
export class AdminListener {
  private constructor(
    private readonly server: Server,
    private readonly host: string,
  ) {}

  /** Null where none is asked for, and in a process that serves no admin API. Raises `start/admin_address_not_usable`. */
  static async open(settings: Settings, http: HttpServer): Promise<AdminListener | null> {
    if (settings.adminListen === undefined || !settings.roles.includes('api')) return null;
    const colon = settings.adminListen.lastIndexOf(':');
    const host = withoutBrackets(settings.adminListen.slice(0, colon));
    const server = http.adminServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(startErrors.admin_address_not_usable({ cause })));
      server.listen(Number(settings.adminListen?.slice(colon + 1)), host, resolve);
    });
    return new AdminListener(server, host);
  }

  /** Where it listens, such as `http://127.0.0.1:8081`. */
  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://${this.host.includes(':') ? `[${this.host}]` : this.host}:${port}`;
  }

  /** Takes no more connections; requests being answered go on. */
  stopListening(): void {
    this.server.close();
    this.server.closeIdleConnections();
  }

  /** Lets what is being answered have its answer for so long, and ends what is open then. Safe after {@link stopListening} and without. */
  async close(patienceMs = 0): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    const cut = setTimeout(() => this.server.closeAllConnections(), patienceMs);
    const tidy = setInterval(() => this.server.closeIdleConnections(), IDLE_MS);
    await closed;
    clearTimeout(cut);
    clearInterval(tidy);
  }
}
