/*
 * The build of the portal: static files with hashed names, made for the content security policy of the server, which
 * allows files of our own and nothing inline.
 */
import { readFileSync } from 'node:fs';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/* The typeface goes out with its licence, as that asks for; those of the code are collected by the build itself. */
const typefaceLicense: Plugin = {
    name: 'typeface-license',
    generateBundle() {
        const source = readFileSync('node_modules/@fontsource-variable/inter/LICENSE');
        this.emitFile({ type: 'asset', fileName: 'license-inter.txt', source });
    },
};

export default defineConfig({
    plugins: [react(), tailwindcss(), typefaceLicense],
    build: {
        outDir: '../build/portal/dist',
        emptyOutDir: true,
        /* The browsers that know light-dark(), AbortSignal.any and oklch(): all since spring 2024. */
        target: ['chrome123', 'firefox124', 'safari17.5'],
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        license: { fileName: 'licenses.md' },
        reportCompressedSize: false,
        rolldownOptions: {
            output: {
                /* What several pages share travels together: few requests matter more than a spare kilobyte. */
                codeSplitting: {
                    groups: [
                        {
                            name: 'base',
                            test: /node_modules[\\/](react|react-dom|scheduler|@tanstack)[\\/]/,
                        },
                        {
                            name: 'shared',
                            test: /src[\\/](components|lib)[\\/]|lucide-react/,
                            minShareCount: 2,
                        },
                    ],
                },
            },
        },
    },
});
