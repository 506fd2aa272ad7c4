declare module 'cli-table3/src/utils.js' {
  const utils: {
    /** Columns that the widest line of a text takes on a terminal, without colour codes. */
    strlen(text: string): number;
  };
  export default utils;
}
