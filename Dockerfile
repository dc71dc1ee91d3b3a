# The Book sample: four servers over the Redis that REDIS_URL (or REDIS_HOST and its companions) names, and the story they tell.
#   docker compose run --rm book
# Not Alpine: the sample's database brings native code, built for glibc first of all.
FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:22-slim
ENV NODE_ENV=production
WORKDIR /app
# The sample's own dependencies (its database) are development dependencies of the library: nothing is pruned.
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/build ./build
COPY --from=build /app/samples/book/page ./samples/book/page
USER node
# As the process itself, not through npm: SIGTERM must reach it.
CMD ["node", "--enable-source-maps", "build/samples/book/main.js"]
