import { Injectable } from '@nestjs/common';
import { KEY_ANOMALIES, KEY_ANOMALY_TOPIC, type KeyAnomaly } from '../../../contracts/key-anomaly.js';
import { OutboxHandler, type OutboxEvent } from '../../../contracts/outbox.js';
import { assert } from '../../../kernel/assert.js';
import { type ApiKeyId, isId, type OrganisationId } from '../../../kernel/ids.js';
import { AnswerAnomaly } from '../core/abuse/answer-anomaly.js';

/** Answers what `usage` and the request path noticed about keys. */
@Injectable()
export class AnswerKeyAnomalyJob extends OutboxHandler {
  readonly topic = KEY_ANOMALY_TOPIC;

  constructor(private readonly answering: AnswerAnomaly) {
    super();
  }

  override async handle({ organisationId, keyId, reason, atMs }: OutboxEvent['payload']): Promise<void> {
    assert(isId(organisationId) && isId(keyId) && typeof atMs === 'number', 'an anomaly names organisation, key and moment');
    const known = KEY_ANOMALIES.find((each) => each === reason) as KeyAnomaly | undefined;
    assert(known !== undefined, 'an anomaly has one of the reasons there are');
    const key = { organisationId: organisationId as OrganisationId, keyId: keyId as ApiKeyId };
    await this.answering.run({ ...key, reason: known, atMs });
  }
}
