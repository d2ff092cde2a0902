using System.Text.Json;

namespace AnalogTorch.Models.MlNet;

/// <summary>How contributions of features are reported, and of which network.</summary>
/// <param name="Positive">How many positive contributions of a row are kept, the largest.</param>
/// <param name="Negative">How many negative contributions of a row are kept, the largest.</param>
/// <param name="Normalize">Whether the largest that is kept becomes 1 or −1.</param>
internal sealed record SavedContributions(int Positive, int Negative, bool Normalize)
{
    /// <summary>State of the network.</summary>
    public string Network { get; init; } = "";

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static SavedContributions Read(string state) => StateJson.Read<SavedContributions>(state);

    /// <summary>The settings as text.</summary>
    public string Write() => JsonSerializer.Serialize(this, StateJson.Options);

    /// <summary>Lets the contributions of a row be 0 that are not kept, and scales the others.</summary>
    public void Keep(Span<float> contributions)
    {
        var values = contributions.ToArray();
        var order = Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).ToArray();
        var largest = 0f;
        for (var rank = 0; rank < order.Length; rank++)
        {
            ref var value = ref contributions[order[rank]];
            if (value > 0 ? rank >= Positive : order.Length - rank > Negative)
                value = 0;
            largest = Math.Max(largest, Math.Abs(value));
        }
        if (!Normalize || largest == 0)
            return;
        foreach (ref var value in contributions)
            value /= largest;
    }
}
