using System.Globalization;
using System.Numerics;

namespace AnalogTorch.Models.Data;

/// <summary>How people write the ten digits: several styles each, as pen strokes in a box 70 wide and 100 high, y downward.</summary>
/// <remarks>Strokes are written as SVG paths of M(ove), L(ine) and C(ubic Bézier) with absolute coordinates.</remarks>
internal static class DigitStrokes
{
    /// <summary>One style: the control points, and for each piece of stroke its command and first control point.</summary>
    public sealed record Style(Vector2[] Points, (char Command, int First)[] Pieces);

    /// <summary>The styles of each digit.</summary>
    public static readonly Style[][] Styles = [.. Paths.Select(digit => digit.Select(Parse).ToArray())];

    /// <summary>The most control points of any style.</summary>
    public static readonly int MaxPoints = Styles.Max(digit => digit.Max(style => style.Points.Length));

    private static string[][] Paths =>
    [
        [
            "M38,2 C12,2 4,30 5,55 C6,85 20,98 36,98 C58,98 66,72 65,48 C64,20 55,2 38,2",
            "M36,3 C22,5 16,30 17,55 C18,80 25,97 37,97 C50,97 56,72 55,48 C54,22 48,4 33,3",
            "M48,8 C25,-2 6,25 6,55 C6,85 22,98 38,97 C58,95 66,70 64,45 C62,22 50,8 34,6",
            "M30,15 C8,20 0,50 8,75 C18,98 55,95 64,72 C72,45 65,18 40,12 C36,11 32,13 30,15",
        ],
        [
            "M36,0 L34,100",
            "M18,22 L40,0 L38,100",
            "M18,20 L38,2 L37,98 M14,98 L60,98",
            "M42,0 C38,30 34,60 33,100",
            "M54,2 L20,98",
        ],
        [
            "M8,25 C10,0 60,-8 60,25 C60,50 25,75 6,98 L66,96",
            "M10,22 C18,-5 62,-2 58,30 C54,58 28,82 14,94 C4,100 6,80 18,84 C36,90 50,100 68,90",
            "M8,14 C30,0 60,2 56,22 L8,95 L64,94",
            "M6,32 C14,-4 66,-6 62,28 C58,56 20,70 8,96 C26,86 46,104 66,92",
        ],
        [
            "M10,12 C30,-6 62,0 58,25 C56,42 38,48 28,48 C50,48 66,58 62,78 C58,102 20,104 6,86",
            "M8,4 L58,4 L30,40 C58,38 68,58 62,78 C56,102 18,102 6,88",
            "M14,10 C34,-6 58,4 54,24 C50,42 30,52 24,48 C26,42 64,46 60,76 C56,104 18,100 10,88",
            "M6,20 C20,-8 66,-2 62,24 C60,44 40,48 34,49 C58,50 70,66 62,84 C52,104 14,100 4,78",
        ],
        [
            "M18,2 C14,25 8,45 8,56 L64,54 M52,10 L48,100",
            "M46,2 L4,66 L66,64 M46,2 L46,100",
            "M12,4 C8,30 4,54 22,56 C40,58 52,48 56,36 M58,2 C56,36 50,70 48,100",
            "M10,6 C8,26 6,46 12,52 C26,58 44,52 54,46 M60,4 C56,30 50,60 42,100",
            "M50,4 C40,24 20,44 4,62 C24,60 46,60 68,58 M50,30 L44,98",
        ],
        [
            "M60,3 L20,3 L14,44 C36,32 64,44 62,68 C60,100 20,104 6,88",
            "M22,6 C18,22 16,34 14,44 C34,36 60,46 60,68 C60,98 24,104 8,92 M22,6 L64,2",
            "M60,6 C40,0 20,6 18,22 C16,42 58,44 60,70 C60,100 22,102 8,90",
            "M58,4 L16,6 L14,46 L40,44 C64,48 66,80 46,92 C32,100 16,96 6,90",
        ],
        [
            "M52,2 C24,16 8,46 8,72 C8,104 60,104 60,74 C60,48 18,46 9,74",
            "M40,0 C20,24 10,50 10,76 C12,102 52,104 54,80 C56,56 24,54 12,76",
            "M60,8 C36,0 6,34 8,68 C10,102 62,102 62,70 C62,44 22,42 10,68",
            "M46,0 L14,60 C2,92 30,102 44,94 C62,84 58,58 40,58 C26,58 16,68 13,80",
        ],
        [
            "M6,6 L62,4 C48,34 36,64 30,100",
            "M6,8 L62,4 C46,36 36,66 30,100 M18,52 L56,48",
            "M8,22 L8,6 L62,6 L28,100",
            "M6,12 C20,2 40,10 64,4 C56,30 34,52 34,100",
            "M4,16 C10,0 30,8 62,6 C58,30 40,60 22,98",
        ],
        [
            "M56,14 C44,-6 10,2 12,24 C14,46 60,52 60,76 C60,104 8,104 8,76 C8,50 58,46 58,22 C57,16 56,14 54,12",
            "M36,46 C8,42 8,2 36,2 C62,2 62,42 36,46 C2,50 2,98 36,98 C70,98 70,50 36,46",
            "M58,10 C40,-6 18,8 22,26 C26,46 50,58 48,80 C44,102 14,102 16,80 C18,56 50,44 60,10",
            "M36,50 C60,40 60,0 34,2 C6,4 12,40 36,50 C68,62 60,100 32,98 C2,96 6,62 36,50",
        ],
        [
            "M58,26 C54,-4 8,-6 8,26 C8,56 50,56 58,24 C60,50 58,76 54,100",
            "M56,22 C44,-4 10,0 8,26 C8,54 46,54 56,24 L54,100",
            "M58,26 C54,-4 10,-6 10,24 C10,52 52,56 58,26 C62,66 50,104 12,94",
            "M54,8 C30,-6 6,10 8,32 C12,56 50,48 58,8 C54,40 44,70 34,100",
        ],
    ];

    private static Style Parse(string path)
    {
        var points = new List<Vector2>();
        var pieces = new List<(char, int)>();
        foreach (var word in path.Split(' '))
        {
            var text = word;
            if (char.IsLetter(word[0]))
            {
                pieces.Add((word[0], points.Count));
                text = word[1..];
            }
            var comma = text.IndexOf(',');
            points.Add(new(
                float.Parse(text.AsSpan(0, comma), CultureInfo.InvariantCulture),
                float.Parse(text.AsSpan(comma + 1), CultureInfo.InvariantCulture)));
        }
        return new([.. points], [.. pieces]);
    }
}
