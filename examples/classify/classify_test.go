package main

func Example() {
	main()
	// Output:
	// the printer prints no colour        hardware
	// i forgot my password again          account
	// can i have a refund for the cable   billing
}
