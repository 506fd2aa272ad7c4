import type { Rule } from '../types.ts';
import { predictionAndRulesDisagree } from './SIP401-prediction-and-rules-disagree.ts';

/** What the nodes' rules do to packets against what was predicted. */
export const DISAGREEING_RULES: readonly Rule[] = [predictionAndRulesDisagree];
