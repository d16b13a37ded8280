import type { Provider } from './provider.js';

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

/**
 * OpenAI. Base URL, bearer authentication and `store` are from its API reference, "Create chat completion": `store` says whether
 * the output is kept for distillation and evals, so Lethe always writes false (C8).
 */
export const openai: Provider = {
  name: 'openai',
  baseUrl: 'https://api.openai.com/v1',
  catalogueId: 'openai',
  chatPath: '/chat/completions',
  authorise: bearer,
  takesNoStore: true,
};

/** Anything that speaks OpenAI's chat completions at an address of its own. */
export const openaiCompatible: Provider = {
  name: 'openai_compatible',
  baseUrl: null,
  catalogueId: null,
  chatPath: '/chat/completions',
  authorise: bearer,
  takesNoStore: false,
};
