/* The panel before something gets a new secret: how long the old one goes on working. */
import { useState } from 'react';
import { Confirm } from '../../components/Confirm';
import { Select } from '../../components/Select';

const OVERLAPS = [
    ['0', 'Ends at once'],
    ['1', 'Works for another hour'],
    ['24', 'Works for another 24 hours'],
    ['168', 'Works for another 7 days'],
] as const;

type Overlap = { at_once: true } | { overlap_hours: number };

interface Props<Made> {
    of: string;
    about: string;
    hint?: string | undefined;
    send: (overlap: Overlap) => Promise<Made>;
    onClose: () => void;
    onMade: (made: Made) => void;
}

export function NewSecret<Made>({ of, about, hint, send, onClose, onMade }: Props<Made>) {
    const [hours, setHours] = useState('24');

    return (
        <Confirm
            title={`New secret for ${of}`}
            about={about}
            action="Make a new secret"
            send={() =>
                send(hours === '0' ? { at_once: true } : { overlap_hours: Number(hours) })
            }
            onClose={onClose}
            onDone={onMade}
        >
            <Select
                label="The old secret"
                options={OVERLAPS}
                value={hours}
                onChange={(event) => setHours(event.target.value)}
                hint={hint}
            />
        </Confirm>
    );
}
