/* hello - the FastCGI handler that does nothing: what the transport alone costs. */
#include <fcgiapp.h>

/* As long as a shelter. */
static const char answer[] =
    "Content-Type: application/json\r\n\r\n"
    "{\"id\":\"RO-CJ-01\",\"_id\":\"k3v9q2x\",\"name\":\"Hello\",\"address\":\"Street 1\","
    "\"position\":"
    "{\"longitude\":23.59,\"latitude\":46.77},\"capacity\":300,\"occupancy\":41,\"expected\":15,"
    "\"availability\":259,\"projected_availability\":244,\"features\":[\"step-free\",\"showers\"],"
    "\"resources\":{\"water\":{\"quantity\":200,\"unit\":\"liters\"},\"medicine\":[\"insulin\"]},"
    "\"electricity\":true,\"heating\":false,\"status\":\"open\",\"updated_at\":1700000000000}\n";

int
main(void)
{
	FCGX_Request rq;

	if (FCGX_Init() != 0 || FCGX_InitRequest(&rq, 0, 0) != 0)
		return 1;
	while (FCGX_Accept_r(&rq) == 0) {
		FCGX_PutStr(answer, sizeof(answer) - 1, rq.out);
		FCGX_Finish_r(&rq);
	}
	return 0;
}
