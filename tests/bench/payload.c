/* SPDX-License-Identifier: Apache-2.0 */
/* The program of the measured containers: ends at once, or never.  Linked statically, so that what is
   measured is the runtime. */
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "forever") == 0)
		for (;;)
			pause();
	return 0;
}
