export function Mistakes() { return null; }
