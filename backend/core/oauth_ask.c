/* See oauth_ask.h. */
#include "core/oauth_ask.h"

#define REQUEST_MAX 8000

static const struct field token_fields[] = {
    FIELD(struct oauth_token_form, grant_type, REQUIRED, 100,
          "authorization_code, refresh_token or client_credentials"),
    FIELD(struct oauth_token_form, code, 0, 200, "With authorization_code"),
    FIELD(struct oauth_token_form, redirect_uri, 0, 1000, "As it was when the code was asked for"),
    FIELD(struct oauth_token_form, code_verifier, 0, 200, "What code_challenge was made from"),
    FIELD(struct oauth_token_form, refresh_token, 0, 200, "With refresh_token; it counts once"),
    FIELD(struct oauth_token_form, scope, 0, 2000, "Less than there is, with blanks between"),
    FIELD(struct oauth_token_form, client_id, 0, 100, NULL),
    FIELD(struct oauth_token_form, client_secret, WRITE_ONLY, 200, NULL),
};
const struct shape oauth_token_form_shape = SHAPE("OauthTokenForm", struct oauth_token_form,
                                                  token_fields);

static const struct field one_fields[] = {
    FIELD(struct oauth_one_token, token, REQUIRED, 200, NULL),
    FIELD(struct oauth_one_token, token_type_hint, 0, 100, "Not needed, and not heeded"),
    FIELD(struct oauth_one_token, client_id, 0, 100, NULL),
    FIELD(struct oauth_one_token, client_secret, WRITE_ONLY, 200, NULL),
};
const struct shape oauth_one_token_shape = SHAPE("OauthOneToken", struct oauth_one_token,
                                                 one_fields);

static const struct field error_fields[] = {
    FIELD(struct oauth_error, error, READ_ONLY, 0,
          "invalid_request, invalid_client, invalid_grant, unauthorized_client, "
          "unsupported_grant_type, invalid_scope, server_error or temporarily_unavailable"),
    FIELD(struct oauth_error, error_description, READ_ONLY, 0, NULL),
    FIELD(struct oauth_error, reference, READ_ONLY, 0, "Finds it in the log"),
};
const struct shape oauth_error_shape = SHAPE("OauthError", struct oauth_error, error_fields);

static const struct field ask_fields[] = {
    FIELD(struct oauth_ask, request, REQUIRED, REQUEST_MAX,
          "The query that the app has sent you with, as it came"),
};
const struct shape oauth_ask_shape = SHAPE("OauthAsk", struct oauth_ask, ask_fields);

static const struct field answer_fields[] = {
    FIELD(struct oauth_ask, request, REQUIRED, REQUEST_MAX, "The same again"),
    FIELD(struct oauth_ask, allow, REQUIRED, 0, "Whether the app may"),
};
const struct shape oauth_answer_in_shape = SHAPE("OauthAnswer", struct oauth_ask, answer_fields);

static const struct field consent_fields[] = {
    FIELD(struct oauth_consent, app, READ_ONLY, 100, "Name of the app"),
    FIELD(struct oauth_consent, company, READ_ONLY, 200, "In which company it would act"),
    FIELD(struct oauth_consent, scopes, READ_ONLY, 0,
          "What it asks for, as far as your role has it, with blanks between"),
    FIELD(struct oauth_consent, to, READ_ONLY, 0, "Where you are sent back to: scheme and host"),
    FIELD(struct oauth_consent, redirect, READ_ONLY | NULLABLE, 0,
          "Nothing is to be decided: go there, it tells the app what is wrong"),
};
const struct shape oauth_consent_shape = SHAPE("OauthConsent", struct oauth_consent,
                                               consent_fields);

static const struct field way_fields[] = {
    FIELD(struct oauth_way, redirect, READ_ONLY, 0, "Go there, with the answer for the app"),
};
const struct shape oauth_way_shape = SHAPE("OauthWay", struct oauth_way, way_fields);
