import type { AddressInfo } from 'node:net';
import type { Socket } from 'node:dgram';
import dns2 from 'dns2';

const { Packet } = dns2;

/** A name server over UDP on this machine that knows the TXT records a test gives it. */
export class DnsServer {
  readonly texts = new Map<string, readonly string[]>();

  private constructor(private readonly server: dns2.UDPServer) {}

  static async start(): Promise<DnsServer> {
    const answer = new Map<string, readonly string[]>();
    const server = dns2.createUDPServer((request, send) => {
      const response = Packet.createResponseFromRequest(request);
      const [question] = request.questions;
      const name = question?.name ?? '';
      const texts = question?.type === Packet.TYPE.TXT ? (answer.get(name.toLowerCase()) ?? []) : [];
      for (const data of texts) response.answers.push({ name, type: Packet.TYPE.TXT, class: Packet.CLASS.IN, ttl: 0, data } as never);
      void send(response);
    });
    await server.listen(0, '127.0.0.1');
    const started = new DnsServer(server);
    Object.assign(started, { texts: answer });
    return started;
  }

  get address(): string {
    const { port } = (this.server as unknown as Socket).address() as AddressInfo;
    return `127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => (this.server as unknown as Socket).close(() => resolve()));
  }
}
