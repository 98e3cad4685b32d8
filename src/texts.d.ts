// What the build takes into the program as text.

declare module '*.md' {
  const text: string;
  export default text;
}

declare module '*.html' {
  const text: string;
  export default text;
}

declare module '*.css' {
  const text: string;
  export default text;
}

declare module '*.js' {
  const text: string;
  export default text;
}
