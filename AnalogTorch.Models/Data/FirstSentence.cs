namespace AnalogTorch.Models.Data;

/// <summary>The reason in an exception of the system's, fit to stand in brackets inside a sentence of ours.</summary>
internal static class FirstSentence
{
    public static string Of(Exception e)
    {
        var line = e.Message.ReplaceLineEndings("\n").Split('\n')[0].Trim();
        return line.TrimEnd('.');
    }
}
