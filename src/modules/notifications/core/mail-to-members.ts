import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { OrganisationPeople } from '../../../contracts/organisation-people.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { Mailer, OrganisationMail, type OrganisationMessage, type OrganisationReaders, type ValuesOf } from '../notifications.contract.js';

/** Nothing that is told needs more readers, and each is a row and a mail. */
const MOST_READERS = 100;

/** {@link OrganisationMail} over whoever knows the organisation's people. */
@Injectable()
export class MailToMembers extends OrganisationMail {
  constructor(
    private readonly mailer: Mailer,
    private readonly discovery: DiscoveryService,
  ) {
    super();
  }

  override async send<K extends OrganisationMessage>(
    tx: Tx,
    kind: K,
    { organisationId, roles }: OrganisationReaders,
    values: Omit<ValuesOf<K>, 'organisation'>,
  ): Promise<void> {
    const organisation = await this.people()?.reach(tx, organisationId, roles, MOST_READERS);
    if (!organisation) return;
    const named = { ...values, organisation: organisation.name } as unknown as ValuesOf<K>;
    for (const person of organisation.people) await this.mailer.send(tx, kind, person, named);
  }

  private people(): OrganisationPeople | undefined {
    return this.discovery.getProviders().flatMap(({ instance }) => (instance instanceof OrganisationPeople ? [instance] : []))[0];
  }
}
