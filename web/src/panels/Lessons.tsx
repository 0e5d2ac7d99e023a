export function Lessons() { return null; }
