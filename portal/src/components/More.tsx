/* The button below a list of which only a part has been read; nothing where that was all. */
import { Button } from './Button';

interface Props {
    of: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

export function More({ of: { hasNextPage, isFetchingNextPage, fetchNextPage } }: Props) {
    if (!hasNextPage) return null;
    return (
        <Button className="mt-4" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Show more
        </Button>
    );
}
