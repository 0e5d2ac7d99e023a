export function Csv() { return null; }
