import { portOf, withoutBrackets } from '../../kernel/endpoint.js';
import { ClientConnection, type ConnectionOptions, type ConnectionOwner, type ExchangeHandler, type Origin } from './client-connection.js';
import { type ClientRequest, writeRequest } from './client-request.js';
import { HttpClientError } from './http-client.errors.js';

/** Connections to one origin, as many as there are exchanges at a time. The one used last is used next, so that the others can be let go of. */
export class ClientPool implements ConnectionOwner {
  readonly origin: Origin;
  tlsSession: Buffer | undefined;
  private readonly connections = new Set<ClientConnection>();
  private readonly idle: ClientConnection[] = [];
  private isClosed = false;

  /** `origin`: scheme, host and port, as `URL.origin` writes it. */
  constructor(
    origin: string,
    readonly options: ConnectionOptions,
  ) {
    const url = new URL(origin);
    this.origin = { host: url.host, hostname: withoutBrackets(url.hostname), port: portOf(url), isSecure: url.protocol === 'https:' };
  }

  /** Never raises: what cannot be sent fails as well. */
  dispatch(request: ClientRequest, handler: ExchangeHandler): void {
    if (this.isClosed) return handler.onFailed(new HttpClientError('pool_closed', 'no more is sent to this origin'));
    try {
      const bytes = writeRequest(this.origin.host, request);
      const connection = this.idle.pop() ?? this.open();
      connection.send(bytes, handler);
    } catch (error) {
      handler.onFailed(error as Error);
    }
  }

  /** Takes no more exchanges. Those under way go on; their connections close behind them. */
  close(): void {
    this.isClosed = true;
    for (const connection of this.idle.splice(0)) connection.close(closed());
  }

  /** Ends what is under way, too. */
  destroy(): void {
    this.isClosed = true;
    for (const connection of this.connections) connection.close(closed());
  }

  becameIdle(connection: ClientConnection): void {
    if (this.isClosed) connection.close(closed());
    else this.idle.push(connection);
  }

  wasClosed(connection: ClientConnection): void {
    this.connections.delete(connection);
    const place = this.idle.indexOf(connection);
    if (place !== -1) this.idle.splice(place, 1);
  }

  private open(): ClientConnection {
    const connection = new ClientConnection(this);
    this.connections.add(connection);
    return connection;
  }
}

function closed(): HttpClientError {
  return new HttpClientError('pool_closed', 'no more is sent to this origin');
}
