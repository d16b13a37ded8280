import { Injectable } from '@nestjs/common';
import { keyAnomalyEvent } from '../../../../contracts/key-anomaly.js';
import { Outbox } from '../../../../contracts/outbox.js';
import { Clock, DAY_MS } from '../../../../kernel/clock.js';
import { idTimeMs } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { KeyCountriesRepository, type KeySighting } from '../../data/key-countries.repository.js';

/** A key younger than this is still being set up, wherever that is done. */
const LEARNING_MS = DAY_MS;

/** Writes down which countries keys are used from, and publishes which keys came from one that is new to them. */
@Injectable()
export class NoteCountries {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly countries: KeyCountriesRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  run(sightings: readonly KeySighting[]): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      const nowMs = this.clock.nowMs();
      for (const key of await this.countries.note(tx, sightings)) {
        if (nowMs - idTimeMs(key.keyId) < LEARNING_MS) continue;
        await this.outbox.publish(tx, keyAnomalyEvent({ ...key, reason: 'new_country', atMs: nowMs }));
      }
    });
  }
}
