//! Tests of procedures with many rows, whose runs share the time.

/// Tests of a function that says what messages are lost: all pass when none is, and each that is lost fails by its number.
macro_rules! lost_messages_fail {
    ($lost:ident) => {
        #[test]
        fn what_messages_are_taken_from_passes_whole() {
            $lost().assert_passes_whole();
        }

        #[test]
        fn a_lost_message_fails_by_the_number_of_its_step_1_of_4() {
            $lost().assert_fail_by_number(0, 4);
        }

        #[test]
        fn a_lost_message_fails_by_the_number_of_its_step_2_of_4() {
            $lost().assert_fail_by_number(1, 4);
        }

        #[test]
        fn a_lost_message_fails_by_the_number_of_its_step_3_of_4() {
            $lost().assert_fail_by_number(2, 4);
        }

        #[test]
        fn a_lost_message_fails_by_the_number_of_its_step_4_of_4() {
            $lost().assert_fail_by_number(3, 4);
        }
    };
}
