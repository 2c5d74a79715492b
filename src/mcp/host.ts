/** The MCP hosts whose configuration is known. */

export const hosts = ['claude', 'claude-code', 'vscode', 'cursor', 'codex', 'gemini'] as const;

/** A program that people talk to, and that connects to MCP servers: Claude Desktop, VS Code, … */
export type Host = (typeof hosts)[number];
