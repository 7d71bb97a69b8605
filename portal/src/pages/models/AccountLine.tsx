/* One account in the list: where it is, what it offers, how its newest test went. */
import {
    CircleCheck,
    CircleDashed,
    CircleOff,
    Ellipsis,
    LoaderCircle,
    TriangleAlert,
} from 'lucide-react';
import { Button } from '../../components/Button';
import { Menu, MenuItem, MenuLine } from '../../components/Menu';
import { Notice } from '../../components/Notice';
import { When } from '../../components/When';
import { cx } from '../../lib/cx';
import { kindNamed, kindOf } from './kinds';
import { offered, type ProviderAccount } from './data';

export interface Deeds {
    test: () => void;
    turn: () => void;
    change: () => void;
    remove: () => void;
    up?: () => void;
    down?: () => void;
}

const STATES = {
    ok: { word: 'Works', icon: CircleCheck, tone: 'text-green' },
    broken: { word: 'Does not work', icon: TriangleAlert, tone: 'text-red' },
    testing: { word: 'Being tested', icon: LoaderCircle, tone: 'text-ink-soft' },
    untested: { word: 'Not tested', icon: CircleDashed, tone: 'text-ink-soft' },
    off: { word: 'Off', icon: CircleOff, tone: 'text-ink-soft' },
} as const;

/* So many names are read at a glance; the rest is a number. */
const NAMES_SHOWN = 4;

function modelsText(names: readonly string[]): string {
    if (names.length === 0) return 'Models not known';
    const rest = names.length - NAMES_SHOWN;
    return `${names.slice(0, NAMES_SHOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function unpriced(count: number, admin: boolean): { what: string; todo: string } {
    const one = count === 1;
    const counts = one ? 'It counts as 0 against caps' : 'They count as 0 against caps';
    const say = one ? 'says what it costs' : 'says what they cost';
    return {
        what: one ? 'The price of one model is not known.' : `The prices of ${count} models are not known.`,
        todo: admin ? `${counts}: say what ${one ? 'it costs' : 'they cost'}.` : `${counts}, until an admin ${say}.`,
    };
}

/* What is wrong in its first sentence, what to do in the others. */
function told(text: string): { what: string; todo: string } {
    const end = text.indexOf('. ') + 1;
    return end > 0
        ? { what: text.slice(0, end), todo: text.slice(end + 1) }
        : { what: text, todo: '' };
}

interface Props {
    of: ProviderAccount;
    deeds: Deeds | null;
    onFigures: () => void;
}

export function AccountLine({ of, deeds, onFigures }: Props) {
    const { word, icon: Icon, tone } = STATES[of.state];
    const testing = of.state === 'testing';

    return (
        <li className="border-b border-line px-5 py-4 last:border-0">
            <div className="flex items-start gap-3">
                <div className="min-w-0 flex-1">
                    <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
                        <span className="font-medium wrap-anywhere">{of.name}</span>
                        <span
                            role="status"
                            className={cx(
                                'inline-flex items-center gap-1.5 text-table',
                                of.state === 'broken' ? 'text-red' : 'text-ink-soft',
                            )}
                        >
                            <Icon
                                aria-hidden
                                size={14}
                                className={cx(
                                    tone,
                                    testing && 'animate-spin motion-reduce:animate-none',
                                )}
                            />
                            {word}
                        </span>
                    </p>
                    <p className="mt-0.5 text-table text-ink-soft wrap-anywhere">
                        {kindNamed(kindOf(of)).name}
                        {of.base_url && ` · ${of.base_url}`}
                        {' · '}
                        <span className="whitespace-nowrap">
                            {of.has_key ? `key …${of.hint}` : 'no key'}
                        </span>
                        {of.checked > 0 && (
                            <>
                                {' · '}tested <When at={of.checked} />
                            </>
                        )}
                    </p>
                    <p className="mt-0.5 text-table text-ink-soft wrap-anywhere">
                        {modelsText(offered(of))}
                        {' · '}
                        <button
                            type="button"
                            className="cursor-pointer text-accent-text underline underline-offset-3"
                            aria-label={`Prices and abilities of ${of.name}`}
                            onClick={onFigures}
                        >
                            prices and abilities
                        </button>
                    </p>
                </div>
                {deeds && (
                    <div className="flex shrink-0 gap-1">
                        <Button
                            size="small"
                            onClick={deeds.test}
                            busy={testing}
                            aria-label={`Test ${of.name}`}
                        >
                            Test
                        </Button>
                        <Menu
                            align="end"
                            button={
                                <Button
                                    look="quiet"
                                    size="icon"
                                    aria-label={`What to do with ${of.name}`}
                                >
                                    <Ellipsis aria-hidden size={17} />
                                </Button>
                            }
                        >
                            <MenuItem onSelect={deeds.change}>Change…</MenuItem>
                            {deeds.up && <MenuItem onSelect={deeds.up}>Ask it earlier</MenuItem>}
                            {deeds.down && <MenuItem onSelect={deeds.down}>Ask it later</MenuItem>}
                            <MenuItem onSelect={deeds.turn}>
                                {of.on ? 'Turn off' : 'Turn on'}
                            </MenuItem>
                            <MenuLine />
                            <MenuItem onSelect={deeds.remove} className="text-red">
                                Remove…
                            </MenuItem>
                        </Menu>
                    </div>
                )}
            </div>
            {of.unpriced > 0 && of.on && (
                <Notice
                    tone="amber"
                    urgent={false}
                    className="mt-3"
                    told={unpriced(of.unpriced, deeds !== null)}
                >
                    {deeds && (
                        <Button size="small" onClick={onFigures}>
                            Set the {of.unpriced === 1 ? 'price' : 'prices'}
                        </Button>
                    )}
                </Notice>
            )}
            {of.refused > of.checked && !testing && (
                <Notice
                    tone="amber"
                    urgent={false}
                    className="mt-3"
                    told={told(of.refused_text ?? '')}
                >
                    <p className="w-full text-table text-ink-soft">
                        A call was refused <When at={of.refused} />. Test the account once that is
                        mended.
                    </p>
                </Notice>
            )}
            {of.fault && !testing && (
                <Notice
                    tone={of.state === 'broken' ? 'red' : 'amber'}
                    urgent={false}
                    className="mt-3"
                    told={told(of.fault_text ?? of.fault)}
                >
                    {of.fault_detail && (
                        <p className="w-full text-table text-ink-soft wrap-anywhere">
                            {of.fault_detail}
                        </p>
                    )}
                </Notice>
            )}
        </li>
    );
}
