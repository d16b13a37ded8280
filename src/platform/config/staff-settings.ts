import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { IsNetwork } from './is-network.js';
import { Setting } from './setting.js';

/** `127.0.0.1:8081`, `[::1]:8081`, `localhost:8081`. */
const HOST_AND_PORT = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+):(?:\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])$/;

/** Where the operator's staff may act from, and for how long (A4). */
export class StaffSettings {
  @Setting({
    section: 'Operators',
    env: 'LETHE_ADMIN_NETWORKS',
    kind: 'list',
    defaultText: 'none: from anywhere',
    description:
      'CIDR blocks from which operators may act, with a token or on duty, and from which `/admin` is answered (A4). Behind a proxy it is the client that counts, see `LETHE_TRUSTED_PROXIES`.',
  })
  @IsNetwork({ each: true })
  adminNetworks: string[] = [];

  @Setting({
    section: 'Operators',
    env: 'LETHE_ADMIN_LISTEN',
    defaultText: 'none: operators are served where everyone is',
    description:
      'Address of a second listener, such as `127.0.0.1:8081`. Operators and `/admin` are then served there and nowhere else, and no model calls are.',
  })
  @IsOptional()
  @Matches(HOST_AND_PORT, { message: '$property must be an address and a port, such as 127.0.0.1:8081' })
  adminListen?: string;

  @Setting({
    section: 'Operators',
    env: 'LETHE_DUTY_MINUTES',
    kind: 'integer',
    description: 'How long a session acts as operator after its owner asked for it with a second factor.',
  })
  @IsInt()
  @Min(5)
  @Max(720)
  dutyMinutes = 240;
}
