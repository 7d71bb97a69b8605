/* The panel with the models that a key may ask. */
import { useState } from 'react';
import { call, http } from '../../api/client';
import { Confirm } from '../../components/Confirm';
import { Field } from '../../components/Field';
import { MODELS_HINT, type ApiKey } from './data';

interface Props {
    of: ApiKey;
    onClose: () => void;
    onDone: () => void;
}

export function Models({ of, onClose, onDone }: Props) {
    const [models, setModels] = useState(of.models ?? '');

    return (
        <Confirm
            title={`Models of ${of.name}`}
            about="What the program may ask through /v1. It holds within a few seconds."
            action="Save"
            send={() =>
                call(
                    http.PATCH('/api/v1/api-keys/{id}', {
                        params: { path: { id: of.id } },
                        body: { models },
                    }),
                )
            }
            onClose={onClose}
            onDone={onDone}
        >
            <Field
                label="Models that it may ask"
                maxLength={2000}
                autoFocus
                autoComplete="off"
                spellCheck={false}
                hint={MODELS_HINT}
                value={models}
                onChange={(event) => setModels(event.target.value)}
            />
        </Confirm>
    );
}
