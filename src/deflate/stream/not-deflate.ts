/** What arrives is no deflate stream, or one that is not described here. Never leaves this room's callers. */
export class NotDeflate extends Error {}
