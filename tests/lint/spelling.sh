#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/lib.bash"
need codespell

# inh, ...: names in kernel interfaces, and "\ndoes", look like mistakes.
text_files | xargs codespell --ignore-words-list=creat,inh,ndoes,hel,ot,siz,mut,ro,rro,readby,clen,te,nd,fo,thaw,ue,stap,passt
