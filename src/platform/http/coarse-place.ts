import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import { type CityResponse, Reader } from 'mmdb-lib';
import { errorCatalogue } from '../../kernel/errors.js';
import { Settings } from '../config/settings.js';

const placeErrors = errorCatalogue('geoip', {
  unreadable: { status: 500, message: 'LETHE_GEOIP_DATABASE names a file that is not a GeoIP database in MMDB format.' },
});

/** Where an address is, no closer than a first-level subdivision. */
export interface CoarsePlace {
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
  /** English name. */
  readonly region: string | null;
}

/** Looks addresses up in the local GeoIP database of `LETHE_GEOIP_DATABASE`; without one no place is known. Nothing leaves this machine. */
@Injectable()
export class CoarsePlaces {
  private readonly reader: Reader<CityResponse> | null;

  constructor(settings: Settings) {
    this.reader = settings.geoipDatabase === undefined ? null : open(settings.geoipDatabase);
  }

  find(address: string): CoarsePlace | null {
    const { reader } = this;
    const version = isIP(address);
    // The reader would look an IPv6 address up among IPv4 ones and find a place that is somebody else's.
    if (reader === null || version === 0 || version > reader.metadata.ipVersion) return null;
    const found = reader.get(address);
    if (found === null) return null;
    return { country: found.country?.iso_code ?? null, region: found.subdivisions?.[0]?.names.en ?? null };
  }
}

function open(path: string): Reader<CityResponse> {
  try {
    return new Reader<CityResponse>(readFileSync(path));
  } catch (cause) {
    throw placeErrors.unreadable({ cause });
  }
}
