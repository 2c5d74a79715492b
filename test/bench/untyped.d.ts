/** What comes without types, and is only compared with. */

declare module 'proper-lockfile';
declare module 'write-file-atomic';
