#include "pg/jobs/job_call.hpp"

#include <algorithm>
#include <vector>

#include "core/text/quoting.hpp"

namespace company_backup {
namespace {

struct Parameter {
  std::string name, type;
  Text default_sql;  // none: it must be given
};

// Of the extension's own function; of its overloads the one that takes keys as text.
std::vector<Parameter> parameters_of(const ActionFunction& function) {
  std::vector<Parameter> parameters;
  for (const Row& row : query(
           "SELECT p.proargnames[i], format_type(p.proargtypes[i - 1], NULL), "
           "pg_get_function_arg_default(p.oid, i) FROM pg_extension AS e JOIN pg_depend AS d ON "
           "d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.classid = "
           "'pg_proc'::regclass AND d.deptype = 'e' JOIN pg_proc AS p ON p.oid = d.objid, "
           "generate_series(1, p.pronargs) AS i WHERE e.extname = 'company_backup' AND "
           "p.pronamespace = e.extnamespace AND p.proname = $1::name AND (p.proargnames[1] NOT IN "
           "('company', 'source') OR p.proargtypes[0] = 'text'::regtype) ORDER BY i",
           {function.name})) {
    parameters.push_back({*row[0], *row[1], row[2]});
  }
  return parameters;
}

bool is_option(const Parameter& parameter, const ActionFunction& function) {
  const bool is_company = function.company != nullptr && parameter.name == function.company;
  return !is_company && parameter.name != "actor";
}

// What an option of this type is in JSON.
std::string json_type_of(const std::string& type) {
  if (type == "boolean") return "boolean";
  if (type == "bigint" || type == "integer") return "number";
  if (type == "text[]") return "array";
  if (type == "jsonb") return "";  // any
  return "string";
}

// The value of a parameter, from the options `o`. Each has its exact type and none is left out: so
// no other function of this name can be meant, whoever made one.
std::string value_of(const Parameter& parameter, const ActionFunction& function, bool given) {
  std::string sql;
  const std::string name = quote_literal(parameter.name);
  if (function.company != nullptr && parameter.name == function.company) {
    sql = "$1";
  } else if (parameter.name == "actor") {
    sql = "$3";
  } else if (parameter.name == kProofOption) {
    sql = "$4";
  } else if (!given) {
    sql = parameter.default_sql.value_or("NULL");
  } else if (parameter.type == "jsonb") {
    sql = "nullif(o -> " + name + ", 'null')";
  } else if (parameter.type == "text[]") {
    sql = "CASE jsonb_typeof(o -> " + name +
          ") WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(o -> " + name + ")) END";
  } else {
    sql = "(o ->> " + name + ")";
  }
  return quote_name(parameter.name) + " => (" + sql + ")::" + parameter.type;
}

struct Option {
  std::string name, json_type, text;
};

std::vector<Option> options_of(const JobCall& call) {
  if (one_value(query("SELECT jsonb_typeof($1::jsonb)", {call.options})) != "object") {
    throw Error(sqlstate::kInvalidParameter, "options must be a JSON object")
        .hint("Write them as in '{\"label\": \"by night\"}'.");
  }
  std::vector<Option> options;
  for (const Row& row :
       query("SELECT key, jsonb_typeof(value), value::text FROM jsonb_each($1::jsonb) ORDER BY 1",
             {call.options})) {
    options.push_back({*row[0], *row[1], *row[2]});
  }
  return options;
}

bool is_given(const std::vector<Option>& options, const std::string& name) {
  return std::any_of(options.begin(), options.end(),
                     [&](const Option& option) { return option.name == name; });
}

[[noreturn]] void refuse_unknown(const Option& option, JobAction action,
                                 const std::vector<Parameter>& parameters) {
  std::string list;
  for (const Parameter& parameter : parameters) {
    if (!is_option(parameter, function_of(action))) continue;
    list += (list.empty() ? "" : ", ") + parameter.name;
  }
  throw Error(sqlstate::kInvalidParameter, std::string("action \"") + to_text(action) +
                                               "\" has no option \"" + option.name + "\"")
      .hint("Possible options: " + list + ".");
}

void require_type(const Option& option, const Parameter& parameter) {
  const std::string expected = json_type_of(parameter.type);
  const bool is_whole = option.text.find_first_of(".eE") == std::string::npos;
  if (option.json_type == "null" || expected.empty()) return;
  if (option.json_type == expected && (expected != "number" || is_whole)) return;
  throw Error(sqlstate::kInvalidParameter,
              "option \"" + option.name + "\" must be a JSON " +
                  (expected == "number" ? "number without a fraction" : expected))
      .detail("It is a JSON " + option.json_type + ".");
}

}  // namespace

void require_options(const JobCall& call) {
  const ActionFunction function = function_of(call.action);
  const std::vector<Parameter> parameters = parameters_of(function);
  const std::vector<Option> options = options_of(call);
  for (const Option& option : options) {
    const auto parameter =
        std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& candidate) {
          return candidate.name == option.name && is_option(candidate, function);
        });
    if (parameter == parameters.end()) refuse_unknown(option, call.action, parameters);
    require_type(option, *parameter);
  }
  for (const Parameter& parameter : parameters) {
    if (parameter.default_sql || !is_option(parameter, function)) continue;
    if (is_given(options, parameter.name)) continue;
    throw Error(sqlstate::kInvalidParameter, std::string("action \"") + to_text(call.action) +
                                                 "\" needs the option \"" + parameter.name + "\"")
        .hint("Its options are the arguments of " + std::string(function.name) +
              "(): give it in options, a JSON object.");
  }
}

Text run_call(const JobCall& call) {
  const ActionFunction function = function_of(call.action);
  const std::vector<Option> options = options_of(call);
  std::string arguments;
  for (const Parameter& parameter : parameters_of(function)) {
    arguments += (arguments.empty() ? "" : ", ") +
                 value_of(parameter, function, is_given(options, parameter.name));
  }
  const std::string called = functions_schema() + "." + function.name + "(" + arguments + ")";
  const std::string from = " FROM (SELECT $2::jsonb AS o, $1::text, $3::text, $4::text) AS given";
  const std::string sql = function.returns_rows ? "SELECT coalesce(json_agg(r), '[]'::json)::text" +
                                                      from + ", LATERAL " + called + " AS r"
                                                : "SELECT nullif(" + called + "::text, '')" + from;
  return one_row(
      query(sql, {call.company, call.options, call.actor, call.proof}, Access::kCall))[0];
}

}  // namespace company_backup
