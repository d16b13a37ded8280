import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { Settings } from '../../platform/config/settings.js';
import { clientAddressReader } from '../../platform/http/client-address.js';
import { OutboundAddresses } from '../../platform/http/outbound-address.js';
import { Log } from '../../platform/telemetry/logger.js';
import { Metrics } from '../../platform/telemetry/metrics.js';
import { Tracing } from '../../platform/telemetry/tracing.js';
import { KeyAuthenticator } from '../auth/auth.contract.js';
import { ContentGate, ContentKeeper } from '../content/content.contract.js';
import { CredentialVault } from '../credentials/credentials.contract.js';
import { RoutePlanner } from '../routing/routing.contract.js';
import { CallLedger, EndUsers, Prices, RateLimits } from '../usage/usage.contract.js';
import { DataPlane } from './data-plane.js';
import { openAiChat } from './dialects/openai-chat.js';
import { Gateway } from './gateway.contract.js';
import './gateway.inventory.js';
import { GatewayPipeline, type PipelineOptions, type PipelineParts } from './gateway-pipeline.js';
import { GatewayService } from './gateway-service.js';
import { ProviderRegistry } from './providers/provider-registry.js';
import { UpstreamPools } from './upstream/upstream-pools.js';

/** A ledger that cannot take a settlement must not hold the client's last byte for longer than this. */
const SETTLE_WAIT_MS = 5_000;

function pipelineOptions(settings: Settings): PipelineOptions {
  return {
    receive: { maxBodyBytes: settings.maxBodyBytes, bodyMs: settings.requestBodyMs },
    maxInflightCalls: settings.maxInflightCalls,
    totalMs: settings.callTotalMs,
    onClientDisconnect: settings.onClientDisconnect,
    settleWaitMs: SETTLE_WAIT_MS,
    clientAddress: clientAddressReader(settings.trustedProxies),
  };
}

/** The data plane. `imports` bring the modules whose contracts it uses. */
@Module({})
export class GatewayModule {
  static forRoot(imports: NonNullable<ModuleMetadata['imports']>): DynamicModule {
    return {
      module: GatewayModule,
      imports,
      providers: [
        {
          provide: ProviderRegistry,
          useFactory: (settings: Settings) => new ProviderRegistry(() => settings.standInUrl),
          inject: [Settings],
        },
        {
          provide: UpstreamPools,
          useFactory: (addresses: OutboundAddresses, settings: Settings) => new UpstreamPools(addresses, settings.upstreamConnectMs),
          inject: [OutboundAddresses, Settings],
        },
        {
          provide: GatewayPipeline,
          useFactory: (settings: Settings, ...parts: PipelineDependencies) =>
            new GatewayPipeline(pipelineParts(settings, parts), pipelineOptions(settings)),
          inject: [Settings, ...PIPELINE_DEPENDENCIES],
        },
        {
          provide: DataPlane,
          useFactory: (settings: Settings, pipeline: GatewayPipeline, keys: KeyAuthenticator, routes: RoutePlanner) => {
            const clientAddress = clientAddressReader(settings.trustedProxies);
            return new DataPlane({ pipeline, keys, routes, dialect: openAiChat(), clientAddress });
          },
          inject: [Settings, GatewayPipeline, KeyAuthenticator, RoutePlanner],
        },
        {
          provide: Gateway,
          useFactory: (plane: DataPlane, pipeline: GatewayPipeline, ledger: CallLedger, pools: UpstreamPools) =>
            new GatewayService({ plane, pipeline, ledger, pools }),
          inject: [DataPlane, GatewayPipeline, CallLedger, UpstreamPools],
        },
      ],
      exports: [Gateway],
    };
  }
}

const PIPELINE_DEPENDENCIES = [
  KeyAuthenticator,
  RateLimits,
  RoutePlanner,
  CallLedger,
  EndUsers,
  Prices,
  ProviderRegistry,
  CredentialVault,
  UpstreamPools,
  Clock,
  Log,
  Metrics,
  Tracing,
  ContentGate,
  ContentKeeper,
];

type PipelineDependencies = [
  KeyAuthenticator,
  RateLimits,
  RoutePlanner,
  CallLedger,
  EndUsers,
  Prices,
  ProviderRegistry,
  CredentialVault,
  UpstreamPools,
  Clock,
  Log,
  Metrics,
  Tracing,
  ContentGate,
  ContentKeeper,
];

function pipelineParts(settings: Settings, dependencies: PipelineDependencies): PipelineParts {
  const [keys, limits, routes, ledger, endUsers, prices, providers, vault, pools, clock, log, metrics, tracing, gate, keeper] =
    dependencies;
  return {
    keys,
    limits,
    routes,
    clock,
    log,
    metrics,
    tracing,
    keeping: { gate, keeper },
    recording: { ledger, endUsers, prices, providers, defaultMaxOutputTokens: settings.defaultMaxOutputTokens },
    attempting: {
      vault,
      providers,
      pools,
      clock,
      metrics,
      limits: {
        maxAttempts: settings.maxAttempts,
        firstByteMs: settings.upstreamFirstByteMs,
        idleMs: settings.upstreamIdleMs,
        maxAnswerBytes: settings.maxAnswerBytes,
      },
    },
  };
}
