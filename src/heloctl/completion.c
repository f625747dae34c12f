/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * completion: prints the completion for bash, made from the rows of the verbs. The build installs what it prints.
 */
#include "ctl.h"

static void print_verb(const struct ctl_verb *verb)
{
    printf("    %s)\n        words='", verb->name);
    for (const struct ctl_option *o = verb->options; o->letter; o++)
        printf("-%c --%s ", o->letter, o->name);
    printf("-h --help'\n        valued='");
    for (const struct ctl_option *o = verb->options; o->letter; o++)
        if (o->argument)
            printf(" -%c --%s", o->letter, o->name);
    printf(" '\n");
    for (size_t i = 0; i < CTL_VALUES_MAX && verb->values[i].letter; i++)
        for (const struct ctl_option *o = verb->options; o->letter; o++)
            if (o->letter == verb->values[i].letter)
                printf("        case $prev in -%c|--%s) choices='%s' ;; esac\n", o->letter, o->name,
                       verb->values[i].words);
    printf("        ;;\n");
}

static int run(struct ctl *ctl)
{
    (void)ctl;
    printf("# bash completion of heloctl(8), made by `heloctl completion`\n"
           "_heloctl() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words= valued= choices=\n"
           "    COMPREPLY=()\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -W '");
    for (size_t i = 0; ctl_verbs[i]; i++)
        printf("%s ", ctl_verbs[i]->name);
    printf("help --help --version' -- \"$cur\")\n"
           "        return\n"
           "    fi\n"
           "    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; ctl_verbs[i]; i++)
        print_verb(ctl_verbs[i]);
    printf("    esac\n"
           "    if [ -n \"$choices\" ]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- \"$cur\")\n"
           "    elif [[ $cur == -* && \" $valued \" != *\" $prev \"* ]]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
           "    else\n"
           "        compopt -o filenames 2>/dev/null\n"
           "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
           "    fi\n"
           "}\n"
           "complete -F _heloctl heloctl\n");
    return CTL_OK;
}

const struct ctl_verb ctl_completion = {
    .name = "completion",
    .arguments = "",
    .summary = "print the completion for bash",
    .help = "Completes verbs, their options, and files. It is installed with the program; to load it by hand:\n"
            ". <(heloctl completion)",
    .exits = "0 done",
    .run = run,
};
