import { type DynamicModule, Module } from '@nestjs/common';
import { PolicyProfile } from '../../contracts/policy-profile.js';
import { RetentionWindows } from '../../contracts/retention-windows.js';
import { LoadedProfile } from './core/profile/loaded-profile.js';
import { OrganisationWindows } from './core/windows/organisation-windows.js';
import { OrganisationPoliciesRepository } from './data/organisation-policies.repository.js';

/**
 * How long everything is kept, for every module: offers {@link PolicyProfile} and {@link RetentionWindows}. Apart from the rest of retention, and
 * below all modules, because whoever writes a row that expires asks it.
 */
@Module({})
export class WindowsModule {
  static forRoot(profile: LoadedProfile): DynamicModule {
    return {
      module: WindowsModule,
      global: true,
      providers: [
        OrganisationPoliciesRepository,
        { provide: LoadedProfile, useValue: profile },
        { provide: PolicyProfile, useExisting: LoadedProfile },
        OrganisationWindows,
        { provide: RetentionWindows, useExisting: OrganisationWindows },
      ],
      exports: [LoadedProfile, PolicyProfile, RetentionWindows, OrganisationPoliciesRepository],
    };
  }
}
