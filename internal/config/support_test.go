package config

import (
	"strings"
	"testing"
	"time"
)

func withSupport(t *testing.T) []string {
	return append(minimal(t), "--support-oidc-issuer=https://staff.example", "--support-oidc-client-id=pli-support",
		"--support-oidc-client-secret-file="+file(t, "s3cret\n"), "--support-oidc-role-value=pli-support")
}

func TestSupportDesk(t *testing.T) {
	t.Parallel()
	c, err := parse(t, minimal(t)...).Config()
	if err != nil || c.SupportDesk.OIDC.On() {
		t.Fatalf("nothing configured: %+v, %v", c.SupportDesk, err)
	}
	if c, err = parse(t, withSupport(t)...).Config(); err != nil {
		t.Fatal(err)
	}
	d := c.SupportDesk
	if !d.OIDC.On() || d.OIDC.ClientSecret != "s3cret" || d.OIDC.RoleClaim != "roles" || d.Idle != 30*time.Minute || d.Absolute != 8*time.Hour {
		t.Errorf("%+v", d)
	}
	// Half a configuration is said, all of it at once.
	_, err = parse(t, append(minimal(t), "--support-oidc-issuer=http://staff.example", "--support-clock-idle=2h", "--support-oidc-role-claim=")...).Config()
	for _, name := range []string{"OIDC_ISSUER is", "OIDC_CLIENT_ID is empty", "OIDC_CLIENT_SECRET_FILE is empty", "OIDC_ROLE_CLAIM is empty", "OIDC_ROLE_VALUE is empty", "CLOCK_IDLE is"} {
		if err == nil || !strings.Contains(err.Error(), "PLI_SUPPORT_"+name) {
			t.Errorf("%s is not said: %v", name, err)
		}
	}
	if _, err := parse(t, append(minimal(t), "--support-oidc-client-secret=x")...).Config(); err == nil {
		t.Error("a secret for nobody is not said")
	}
}
