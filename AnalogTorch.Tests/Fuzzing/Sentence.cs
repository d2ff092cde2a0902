namespace AnalogTorch.Tests.Fuzzing;

/// <summary>What every refusal is: one sentence about what was given, without the vocabulary of .NET.</summary>
internal static class Sentence
{
    public static void Check(string message, string? path = null) => Assert.Null(AnalogTorch.Examples.Torture.Sentence.Fault(message, path));
}
