export function Counters() { return null; }
