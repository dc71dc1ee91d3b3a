/** The gateways. */
export const GATEWAY_NAMES: readonly string[] = ['gateway-a', 'gateway-b', 'gateway-c'];
