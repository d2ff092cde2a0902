namespace AnalogTorch.Examples;

/// <summary>One colour for a method in every plot of every report.</summary>
/// <remarks>Okabe and Ito's colours, which colour-blind readers can tell apart, and a grey; without black and yellow, which one background would hide.</remarks>
internal static class MethodColors
{
    private const string Blue = "#0072B2", Amber = "#E69F00", Green = "#009E73", Vermilion = "#D55E00", Pink = "#CC79A7", Sky = "#56B4E9", Grey = "#7A828C";

    // For what has no colour of its own, such as layers or bits.
    private static readonly string[] Others = [Blue, Amber, Green, Vermilion, Pink, Sky, Grey];

    private static readonly Dictionary<string, string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["digital"] = Blue,
        ["plain"] = Vermilion,
        ["msp-lsp"] = Green,
        ["in-memory"] = Green,
        ["inmemory"] = Green,
        ["pcm-pair"] = Amber,
        ["pair"] = Amber,
        ["msp-lsp-no-inversion"] = Vermilion,
        ["fixed polarity"] = Vermilion,
        ["inverted at every transfer"] = Green,
        ["symmetric"] = Pink,
        ["hardware-aware"] = Sky,
        ["aware"] = Sky,
        ["hwa"] = Sky,
        ["sdca"] = Grey,
        ["lbfgs"] = Pink,
        ["none"] = Grey,
        ["global"] = Sky,
        ["per-output"] = Green,
        ["exact"] = Pink,
        ["batch-norm"] = Amber,
    };

    /// <summary>The colour of a method, whose name may stand within a longer one; of anything else, that of its place.</summary>
    /// <param name="name">Name of a curve or bar.</param>
    /// <param name="place">Its place in the plot.</param>
    public static string Of(string name, int place) =>
        Known.Where(entry => Has(name, entry.Key)).OrderByDescending(entry => entry.Key.Length).Select(entry => entry.Value).FirstOrDefault(Others[place % Others.Length]);

    /// <summary>Whether a method stands in a name as a whole word.</summary>
    private static bool Has(string name, string method)
    {
        for (var at = name.IndexOf(method, StringComparison.OrdinalIgnoreCase); at >= 0; at = name.IndexOf(method, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var end = at + method.Length;
            if ((at == 0 || !char.IsLetterOrDigit(name[at - 1])) && (end == name.Length || !char.IsLetterOrDigit(name[end])))
            {
                return true;
            }
        }
        return false;
    }
}
