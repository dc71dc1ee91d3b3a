# The samples, over the Redis that REDIS_URL (or REDIS_HOST and its companions) names: the Book sample unless another is named, as
# docker-compose.yml does.
#   docker compose run --rm book
# Not Alpine: their database brings native code, built for glibc first of all.
FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:22-slim
ENV NODE_ENV=production
WORKDIR /app
# The samples' own dependencies (their database, for one) are development dependencies of the library: nothing is pruned.
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/build ./build
COPY --from=build /app/samples/book/page ./samples/book/page
USER node
# As the process itself, not through npm: SIGTERM must reach it.
CMD ["node", "--enable-source-maps", "build/samples/book/main.js"]
