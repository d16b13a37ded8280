import { Injectable } from '@nestjs/common';
import { subscriberOf } from '../../../../platform/http/allowed-networks.js';
import type { EmailAddress } from '../email-address.js';
import { networkPressed, SignInBrake } from './sign-in-brake.js';

/** Keeps strangers from flooding a mailbox, and from using up what its owner may ask for. */
@Injectable()
export class MailBrake {
  constructor(private readonly brake: SignInBrake) {}

  /** Counts one mail, asked for from a network to an address. Raises `http/too_many_requests`. */
  admit(address: EmailAddress, remoteAddress: string): Promise<void> {
    return this.brake.admit(
      networkPressed('network_mail', remoteAddress),
      { kind: 'network_address_mail', subject: `${subscriberOf(remoteAddress)} ${address.normal}` },
      { kind: 'address_mail', subject: address.normal },
    );
  }
}
